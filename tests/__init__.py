from . import test_gateway_answers
from . import test_gateway_batches
from . import test_gateway_network
from . import test_gateway_pages
from . import test_gateway_requests
from . import test_gateway_slots
from . import test_member_import
from . import test_redact
