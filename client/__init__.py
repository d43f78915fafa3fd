from .batches import BatchResult
from .gateway import Gateway
from .paging import Page
