.PHONY: setup demo test lint bench

setup demo test lint bench:
	@dev/$@
