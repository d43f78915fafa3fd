from . import mailchimp_export
from . import mailchimp_import
from . import mailchimp_member_act
from . import mailchimp_routing_test
from . import mailchimp_mapping_check
from . import mailchimp_mapping_proposal
from . import mailchimp_merge_field_create
from . import mailchimp_tag_declare
