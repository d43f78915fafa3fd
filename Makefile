.PHONY: setup demo test lint bench clean

setup demo test lint bench clean:
	@dev/$@
