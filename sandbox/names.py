"""Names, places and domains that people of a mailing list could have.

A name is written as ``shown|romanised``; the second part goes into the address. The
domains end in ``.example`` or ``.test``, which are reserved: nobody gets mail.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Culture:
    """People of one language."""

    language: str
    country: str
    timezone: str
    firsts: tuple
    lasts: tuple
    places: tuple
    domains: tuple


def _pairs(text):
    """``"Иван|ivan Anna"`` -> ``(("Иван", "ivan"), ("Anna", "anna"))``"""
    found = []
    for word in text.split():
        shown, _bar, roman = word.partition("|")
        found.append((shown.replace("_", " "), (roman or shown).lower()))
    return tuple(found)


def _places(text):
    """``"City,State,Zip"`` parts separated by semicolons."""
    return tuple(tuple(part.split(",")) for part in text.split(";"))


def _culture(language, country, timezone, firsts, lasts, places, domains):
    return Culture(
        language,
        country,
        timezone,
        _pairs(firsts),
        _pairs(lasts),
        _places(places),
        tuple(domains.split()),
    )


CULTURES = (
    _culture(
        "en",
        "US",
        "America/New_York",
        "Olivia Liam Emma Noah Charlotte James Amelia Benjamin Grace Henry Chloe Owen "
        "Mary-Jane|maryjane Siobhán|siobhan",
        "Walker Bennett Carter Hughes O'Brien|obrien Fletcher Murphy Coleman Hayes "
        "Sullivan Brooks McAllister|mcallister Smith-Jones|smithjones",
        "Portland,OR,97205;Austin,TX,78701;Boston,MA,02108;Denver,CO,80202",
        "harborlight.example pinecrest-mail.test bluefern.example",
    ),
    _culture(
        "de",
        "DE",
        "Europe/Berlin",
        "Jürgen|juergen Anna Lukas Käthe|kaethe Björn|bjoern Sophie Maximilian Greta "
        "Karl-Heinz|karlheinz Ömer|oemer",
        "Müller|mueller Schäfer|schaefer Weiß|weiss Lindner Vogt Krämer|kraemer "
        "Groß|gross von_Ahlen|vonahlen Bergmann",
        "Hamburg,Hamburg,20095;München,Bayern,80331;Köln,NRW,50667;"
        "Jena,Thüringen,07743",
        "nordwind.example hafenpost.test kontor-lindgren.example",
    ),
    _culture(
        "fr",
        "FR",
        "Europe/Paris",
        "Zoé|zoe François|francois Élodie|elodie Hugo Noémie|noemie Anaïs|anais Mathis "
        "Jean-Baptiste|jeanbaptiste",
        "Lefèvre|lefevre Dubois Gauthier D'Angelo|dangelo Moreau Béranger|beranger "
        "Le_Goff|legoff Marchand",
        "Lyon,Rhône,69002;Nantes,Loire,44000;Lille,Nord,59800;Nice,Var,06000",
        "petitmarche.example courrier-bleu.test",
    ),
    _culture(
        "es",
        "ES",
        "Europe/Madrid",
        "Lucía|lucia Mateo Sofía|sofia Íñigo|inigo Martina José|jose Ximena "
        "Álvaro|alvaro",
        "García|garcia Muñoz|munoz Fernández|fernandez Ibáñez|ibanez Ruiz de_la_Cruz|"
        "delacruz Peña|pena Ortega",
        "Sevilla,Sevilla,41001;Bilbao,Bizkaia,48001;Valencia,Valencia,46002",
        "olivar.example plaza-mayor.test",
    ),
    _culture(
        "pt",
        "BR",
        "America/Sao_Paulo",
        "João|joao Beatriz Conceição|conceicao Thiago Inês|ines Caio "
        "Luísa|luisa Gonçalo|"
        "goncalo",
        "Gonçalves|goncalves Araújo|araujo Silva Simões|simoes Carvalho "
        "Assunção|assuncao",
        "Recife,PE,50030-230;Curitiba,PR,80010-010;Porto Alegre,RS,90010-150",
        "beira-mar.example correio-sul.test",
    ),
    _culture(
        "pl",
        "PL",
        "Europe/Warsaw",
        "Łukasz|lukasz Zofia Małgorzata|malgorzata Jędrzej|jedrzej Agnieszka "
        "Paweł|pawel",
        "Wójcik|wojcik Kowalska Dąbrowski|dabrowski Żak|zak Świątek|swiatek Nowak",
        "Kraków,Małopolska,31-042;Gdańsk,Pomorze,80-831",
        "bursztyn.example",
    ),
    _culture(
        "ru",
        "RU",
        "Europe/Moscow",
        "Иван|ivan Ольга|olga Дмитрий|dmitri Екатерина|ekaterina Фёдор|fyodor "
        "Юлия|yulia",
        "Петров|petrov Соколова|sokolova Лебедев|lebedev Щербаков|shcherbakov Ёлкина|"
        "yolkina",
        "Тверь,Тверская,170100;Казань,Татарстан,420111",
        "beryoza.example",
    ),
    _culture(
        "el",
        "GR",
        "Europe/Athens",
        "Γιώργος|giorgos Ελένη|eleni Νίκος|nikos Μαρία|maria Θεόδωρος|theodoros",
        "Παπαδόπουλος|papadopoulos Οικονόμου|oikonomou Γεωργίου|georgiou",
        "Πάτρα,Αχαΐα,262 21;Χανιά,Κρήτη,731 32",
        "elia.example",
    ),
    _culture(
        "tr",
        "TR",
        "Europe/Istanbul",
        "Ayşe|ayse İbrahim|ibrahim Çağla|cagla Oğuz|oguz Ilgın|ilgin Şule|sule",
        "Yılmaz|yilmaz Öztürk|ozturk Şahin|sahin Aydın|aydin Güneş|gunes",
        "İzmir,İzmir,35210;Bursa,Bursa,16010",
        "zeytin.example",
    ),
    _culture(
        "ar",
        "EG",
        "Africa/Cairo",
        "محمد|mohamed فاطمة|fatma يوسف|youssef ليلى|layla عمر|omar",
        "حسن|hassan المصري|elmasry عبد_الله|abdallah النجار|elnaggar",
        "الإسكندرية,الإسكندرية,21500;الجيزة,الجيزة,12511",
        "nile-letters.example",
    ),
    _culture(
        "he",
        "IL",
        "Asia/Jerusalem",
        "נועה|noa דוד|david תמר|tamar איתן|eitan",
        "כהן|cohen לוי|levi בן_ארי|benari",
        "חיפה,חיפה,3303219",
        "carmel.example",
    ),
    _culture(
        "hi",
        "IN",
        "Asia/Kolkata",
        "अर्जुन|arjun प्रिया|priya दीपिका|deepika रोहन|rohan",
        "शर्मा|sharma पटेल|patel वर्मा|verma",
        "जयपुर,राजस्थान,302001;पुणे,महाराष्ट्र,411001",
        "banyan.example",
    ),
    _culture(
        "zh",
        "CN",
        "Asia/Shanghai",
        "伟|wei 秀英|xiuying 子涵|zihan 𠮷祥|jixiang 磊|lei",
        "王|wang 李|li 欧阳|ouyang 陈|chen",
        "杭州,浙江,310000;成都,四川,610000",
        "bamboo-post.example",
    ),
    _culture(
        "ja",
        "JP",
        "Asia/Tokyo",
        "陽菜|hina 蓮|ren さくら|sakura ケンジ|kenji",
        "佐藤|sato 髙橋|takahashi 渡邊|watanabe 小林|kobayashi",
        "京都市,京都府,600-8216;札幌市,北海道,060-0001",
        "tegami.example",
    ),
    _culture(
        "ko",
        "KR",
        "Asia/Seoul",
        "서연|seoyeon 민준|minjun 하은|haeun 도윤|doyun",
        "김|kim 이|lee 박|park 최|choi",
        "부산,부산광역시,48058",
        "pyeonji.example",
    ),
    _culture(
        "th",
        "TH",
        "Asia/Bangkok",
        "สมชาย|somchai มาลี|malee กิตติ|kitti",
        "แสงทอง|saengthong ใจดี|jaidee",
        "เชียงใหม่,เชียงใหม่,50200",
        "lotus.example",
    ),
    _culture(
        "vi",
        "VN",
        "Asia/Ho_Chi_Minh",
        "Hương|huong Đức|duc Thảo|thao Quỳnh|quynh",
        "Nguyễn|nguyen Trần|tran Đặng|dang",
        "Đà Nẵng,Đà Nẵng,550000",
        "sen.example",
    ),
)
WEIGHTS = (34, 14, 10, 8, 6, 4, 4, 3, 3, 3, 2, 3, 2, 2, 1, 1, 1)
STREETS = ("Mill Lane", "Lindenstraße", "rue des Lilas", "Calle Mayor", "Ring Road")
