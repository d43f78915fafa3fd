from . import mailchimp_export
from . import mailchimp_import
