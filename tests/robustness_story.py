"""What people do while Odoo reads, in any order: stories, and how they are played."""

from collections import Counter
from concurrent.futures import Future

# The first ones are in the audience from the beginning.
MEMBERS = {
    "ann@a.example": "subscribed",
    "bob@a.example": "subscribed",
    "cid@a.example": "unsubscribed",
    "dan@a.example": "subscribed",
    "eva@a.example": "pending",
    "fay@a.example": "subscribed",
    "gus@a.example": "archived",
    "hal@a.example": "subscribed",
}
ADDRESSES = (*MEMBERS, "ida@a.example", "jim@a.example", "kai@a.example")
NAMES = ("Kim", "Lee", "Max")
TAGS = ("Blue", "Green")

DEEDS = {
    "unsubscribe": ("who",),
    "take_off": ("who",),
    "complain": ("who",),
    "bounce": ("who",),
    "archive": ("who",),
    "delete": ("who",),
    "subscribe": ("who",),
    "add": ("who",),
    "confirm": ("who",),
    "move": ("who", "who"),
    "rename": ("who", "name"),
    "tag": ("who", "tag"),
    "untag": ("who", "tag"),
    "wait": ("seconds",),
}
# These make the stories: the more often they are named here, the more often they occur.
USUAL = (*DEEDS, "wait", "wait", "wait", "move", "subscribe", "unsubscribe", "add")


def write_story(rng):
    """Make up a story.

    :param random.Random rng: decides
    :return: dict: ``before`` are deeds before the fetch; ``deeds`` follow, each after
        a number of requests or steps; ``arrivals`` tell which waiting webhook arrives
        before each step of the queue, None for none
    """
    few = rng.sample(ADDRESSES, rng.randint(2, 6))
    words = {
        "who": lambda: rng.choice(few),
        "name": lambda: rng.choice(NAMES),
        "tag": lambda: rng.choice(TAGS),
        "seconds": lambda: rng.randint(1, 3),
    }

    def deed():
        name = rng.choice(USUAL)
        return (name, *(words[kind]() for kind in DEEDS[name]))

    return {
        "before": [deed() for _turn in range(rng.randrange(6))],
        "deeds": [
            (rng.choice((0, 0, 1, 1, 2, 3)), deed())
            for _turn in range(rng.randint(1, 25))
        ],
        "arrivals": [
            rng.randrange(9) if rng.random() < 0.8 else None for _turn in range(40)
        ],
        "twice": rng.random() < 0.3,
        "full": rng.random() < 0.3,
        "ahead": rng.choice((1, 2, 9)),
    }


def shorten(story, goes_wrong):
    """Leave out of a story what does not matter to its bad end.

    :param callable goes_wrong: plays a story and tells whether it ends badly
    :return: a story that does
    """
    for part in ("before", "deeds", "arrivals"):
        for place in reversed(range(len(story[part]))):
            rest = list(story[part])
            if part == "arrivals":
                rest[place] = None
            else:
                del rest[place]
            if rest != story[part] and goes_wrong(shorter := {**story, part: rest}):
                story = shorter
    return story


class Inline:
    """Stands for a `ThreadPoolExecutor`: what is submitted is done at once.

    The pages that are read ahead are then the same in each play of a story.
    """

    def __init__(self, *_arguments):
        pass

    def submit(self, function, *arguments):
        """:rtype: Future"""
        future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, **_options):
        """Nothing is left to do."""


class Cast:
    """The people of a story; they act on a sandbox."""

    def __init__(self, sandbox, audience, before, deeds):
        self._sandbox = sandbox
        self._audience = audience
        self._deeds = list(deeds)
        self._gap = self._deeds[0][0] if self._deeds else 0
        self._reasons = 0
        self.done = []
        for deed in before:
            self._act(*deed)

    @property
    def somebody_was_deleted(self):
        """:return bool: whether a fetch of changes may not be enough"""
        return any(deed == "delete" for deed, *_words in self.done)

    def go_on(self):
        """Do what happens before the next request is answered, or the next step."""
        while self._deeds and not self._gap:
            self._act(*self._deeds.pop(0)[1])
            self._gap = self._deeds[0][0] if self._deeds else 0
        self._gap = max(0, self._gap - 1)

    def finish(self):
        """Do all that is left."""
        while self._deeds:
            self._act(*self._deeds.pop(0)[1])

    def _act(self, deed, *words):
        with self._sandbox.lock:
            try:
                getattr(self, f"_{deed}")(*words)
            except (KeyError, ValueError):
                return  # nobody there, or nothing to do
            self.done.append((deed, *words))

    def _wait(self, seconds):
        self._sandbox.clock.advance(seconds)

    def _unsubscribe(self, person):
        self._reasons += 1  # tells in Odoo which one of them it knows
        reason = f"Reason {self._reasons}"
        people = self._sandbox.people
        people.unsubscribe(self._audience, person, reason=reason)

    def _take_off(self, person):
        people = self._sandbox.people
        people.unsubscribe(self._audience, person, source="admin")

    def _complain(self, person):
        self._sandbox.people.complain(self._audience, person)

    def _bounce(self, person):
        self._sandbox.people.bounce(self._audience, person)

    def _archive(self, person):
        self._sandbox.people.archive(self._audience, person)

    def _delete(self, person):
        people = self._sandbox.people
        people.delete_permanently(self._audience, person)

    def _subscribe(self, person):
        self._sandbox.people.subscribe_by_form(self._audience, person)

    def _add(self, person):
        self._sandbox.people.subscribe_by_admin(self._audience, person)

    def _confirm(self, person):
        self._sandbox.people.confirm(self._audience, person)

    def _move(self, person, place):
        people = self._sandbox.people
        people.change_email(self._audience, person, place)

    def _rename(self, person, name):
        people = self._sandbox.people
        people.update_profile(self._audience, person, {"FNAME": name})

    def _tag(self, person, name):
        self._sandbox.people.tag(self._audience, person, name)

    def _untag(self, person, name):
        self._sandbox.people.tag(self._audience, person, name, False)


class Memory:
    """What Odoo has known of the consent of each person, and may not unlearn.

    :param sandbox: knows what really happened, in order
    """

    def __init__(self, sandbox):
        self._sandbox = sandbox
        self._opted_out = {}
        self._seen = {}
        self._gone = set()

    def look(self, rows):
        """Compare what Odoo holds now with what it has known.

        :param rows: dicts with ``id``, ``remote``, ``status``, ``reason``,
            ``forgotten``, ``opted_in`` and ``changed`` (seconds) of the members
        :return: sentences, one for each thing that is wrong
        """
        return [wrong for row in rows for wrong in self._look_at(row)]

    def _look_at(self, row):
        if row["forgotten"]:
            self._gone.add(self._seen.get(row["id"]))
        else:
            self._seen[row["id"]] = row["remote"]
        if row["opted_in"] and row["status"] != "subscribed":
            yield f"opted in, and {row['status']}: {row}"
        if row["opted_in"] and row["remote"] in self._gone:
            yield f"opted in again although deleted: {row}"
        history = [
            (number, entry.after, entry.at)
            for number, entry in enumerate(self._sandbox.transitions)
            if entry.contact_id == row["remote"]
        ]
        known = self._opted_out.get(row["remote"], -2)
        if row["status"] == "subscribed":
            later = any(n > known and to == "subscribed" for n, to, _at in history)
            if row["opted_in"] and known > -2 and not later:
                yield f"opted in again by nobody: {row}, {history}"
        else:
            self._opted_out[row["remote"]] = self._learn(row, known, history)

    def _learn(self, row, known, history):
        """Return which opt-out Odoo knows: the earliest that it can be, -1 at first."""
        found = [
            number
            for number, after, at in history
            if number >= known and after == row["status"] and at <= row["changed"]
        ]
        reason = row["reason"] or ""
        if reason.startswith("Reason "):
            told = self._numbers_of_reasons()
            found = [n for n in found if told.get(n) == reason] or found
        return found[0] if found else max(known, -1)

    def _numbers_of_reasons(self):
        """Return {number of the transition: reason}, of those that people gave."""
        count, told = Counter(), {}
        for number, entry in enumerate(self._sandbox.transitions):
            if entry.after == "unsubscribed" and entry.source == "user":
                count["all"] += 1
                told[number] = f"Reason {count['all']}"
        return told
