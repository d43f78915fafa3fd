from . import mailchimp_import
