from . import mass_mailing
from . import personal_data
from . import webhook
