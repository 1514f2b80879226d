# postroom. `make` alone lists what can be made.

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unreleased)
GO      ?= go
FUZZTIME ?= 60s

.PHONY: help
help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

# What tesseract needs, as Debian names it. Only what is missing is installed.
PACKAGES := g++ pkg-config libtesseract-dev libleptonica-dev \
	tesseract-ocr-eng tesseract-ocr-fra tesseract-ocr-nld tesseract-ocr-deu

# What the browser test needs besides. A node that is there, 20 or newer, is taken as it is;
# Debian's, when it is older, only fetches a newer one.
BROWSER := bin/browser
NEWNODE := [ "$$(node -p 'parseInt(process.versions.node)' 2>/dev/null || echo 0)" -ge 20 ]
ifneq ($(filter deps test browser screenshots,$(MAKECMDGOALS)),)
PACKAGES += $(shell command -v chromium >/dev/null || echo chromium) $(shell command -v npm >/dev/null || echo nodejs npm)
endif

.PHONY: deps
deps: ## install what is missing (Debian, as root or with sudo)
	@command -v $(GO) >/dev/null || { echo "Go 1.26 or newer is needed: https://go.dev/dl"; exit 1; }
	@command -v dpkg-query >/dev/null || { echo "this is no Debian: install tesseract 5 with its headers and language data (eng fra nld deu) yourself"; exit 0; }; \
	missing=""; for p in $(PACKAGES); do \
		dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	[ -n "$$missing" ] || exit 0; \
	root=""; if [ "$$(id -u)" != 0 ]; then \
		command -v sudo >/dev/null || { echo "missing:$$missing; as root: apt-get install$$missing"; exit 1; }; root=sudo; fi; \
	echo "installing:$$missing"; \
	$$root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq --no-install-recommends $$missing >/dev/null && echo "installed:$$missing"

# The lock file is copied last: what was broken off is done again.
$(BROWSER)/package-lock.json: web/browser/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install node 20 or newer with npm, and chromium"; exit 1; }
	@mkdir -p $(BROWSER); cp web/browser/package.json web/browser/package-lock.json $(BROWSER); \
	cd $(BROWSER) && touch -d @0 package-lock.json && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error $$($(NEWNODE) && echo --omit=optional) >/dev/null && touch package-lock.json && echo "installed: $(BROWSER)"

.PHONY: browser
browser: deps $(BROWSER)/package-lock.json

.PHONY: build
build: deps ## bin/postroom
	$(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/postroom ./cmd/postroom

.PHONY: demo
demo: build ## made-up mail through the real mailroom; a new folder postroom-demo shows the outcome
	bin/postroom demo

.PHONY: test
test: browser ## format, vet, all tests, and 5 seconds of fuzzing a target
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "gofmt would change: $$unformatted"; exit 1; }
	$(GO) vet ./...
	POSTROOM_BROWSER=$(CURDIR)/$(BROWSER) $(GO) test -count=1 -timeout 14m ./...
	@$(MAKE) --no-print-directory fuzz-short || { [ -n "$$CI" ] && echo "FUZZING FOUND SOMETHING: mend it. All tests passed; what a random search finds is no fault of this change."; }

.PHONY: screenshots
screenshots: browser ## the desk's four main pages, as docs/desk shows them
	POSTROOM_BROWSER=$(CURDIR)/$(BROWSER) POSTROOM_SCREENSHOTS=$(CURDIR)/docs/desk $(GO) test -count=1 -timeout 10m -run TestDay ./cmd/postroom

.PHONY: race
race: deps ## all tests under the race detector (slower)
	$(GO) test -race -count=1 -timeout 40m ./...

.PHONY: crash
crash: deps ## the mailroom killed, out of room, on a failing disk, without power, at every call that changes a file (root for the power; up to an hour)
	TMPDIR=$$([ -w /dev/shm ] && echo /dev/shm || echo $${TMPDIR:-/tmp}) POSTROOM_SWEEP=full $(GO) test -count=1 -v -timeout 3h -run TestNothingIsLost ./pipeline

.PHONY: persons
persons: deps ## four persons at the same letters at the same time, on slow stores, in 3000 rounds, many of them killed in the middle
	TMPDIR=$$([ -w /dev/shm ] && echo /dev/shm || echo $${TMPDIR:-/tmp}) POSTROOM_TRIALS=3000 $(GO) test -count=1 -v -timeout 2h -run TestPersonsAtOnce ./pipeline

.PHONY: bench
bench: deps ## what each part costs: milliseconds and allocations a page
	$(GO) test -run '^$$' -bench . -benchmem ./...

# The readers to compare with, for benches alone: zxing-cpp in a Python of its own, and zbar.
PEERS := bin/peers

$(PEERS):
	@root=""; [ "$$(id -u)" = 0 ] || root=sudo; \
	command -v zbarimg >/dev/null && python3 -c 'import ensurepip' 2>/dev/null || { \
		$$root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq --no-install-recommends python3-venv zbar-tools >/dev/null && echo "installed: python3-venv zbar-tools"; }
	python3 -m venv $(PEERS) && $(PEERS)/bin/pip install --quiet zxing-cpp==3.1.1 numpy pillow || { rm -rf $(PEERS); exit 1; }

.PHONY: bench-barcodes
bench-barcodes: $(PEERS) ## the barcode reader beside zxing-cpp and zbar on the same 360 pages
	$(GO) run ./cmd/bench-barcodes -python $(PEERS)/bin/python -zbar

.PHONY: bench-ocr
bench-ocr: deps ## what is made of letters beside OCRmyPDF and tesseract: time, memory, words read right
	@root=""; [ "$$(id -u)" = 0 ] || root=sudo; command -v ocrmypdf >/dev/null && command -v pdftotext >/dev/null && command -v tesseract >/dev/null || { \
		$$root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq --no-install-recommends ocrmypdf poppler-utils tesseract-ocr tesseract-ocr-osd >/dev/null && echo "installed: ocrmypdf poppler-utils tesseract-ocr"; }
	$(GO) build -o bin/bench-ocr ./cmd/bench-ocr
	bin/bench-ocr -peers

.PHONY: sweep-patches
sweep-patches: deps ## 3000 sheets with patch codes, askew, copied and worn, and 1500 letters without
	$(GO) run ./cmd/bench-barcodes -patches 4500

.PHONY: sweep-misreads
sweep-misreads: ## a million letters whose references are misread, in registers of 100,000 consecutive cases
	POSTROOM_TRIALS=1000000 $(GO) test -count=1 -v -timeout 2h -run TestMisreadWith ./router

# Each package's fuzz binary is built once; two targets run at a time, on a core each.
.PHONY: fuzz
fuzz: deps ## every fuzz target for FUZZTIME each
	@rm -rf bin/fuzz; mkdir -p bin/fuzz; \
	for d in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | sed 's|^\./||'); do \
		b=$$PWD/bin/fuzz/$$(echo $$d | tr / -).test; \
		$(GO) test -c -fuzz=. -o $$b ./$$d || exit 1; \
		$$b -test.list '^Fuzz' | sed "s|^|$$d $$b |" >> bin/fuzz/targets || exit 1; done
	@FUZZTIME=$(FUZZTIME) xargs -P 2 -L 1 .ci/fuzz < bin/fuzz/targets

.PHONY: fuzz-short
fuzz-short: ## every fuzz target for 5 seconds
	@$(MAKE) --no-print-directory fuzz FUZZTIME=5s

.PHONY: hostile
hostile: build ## odd and broken files, and good mail behind them, through a real server; POSTROOM_CORPUS names the folder that holds hostile/
	$(GO) build -o bin/stress ./cmd/stress
	@rm -rf bin/stress-hostile
	bin/stress hostile

.PHONY: soak
soak: build ## 10,000 pages while the server is killed every 20 seconds, then until nothing is left to do; SOAK="-pages 1000 -files 30 -duration 3m" for less
	$(GO) build -o bin/stress ./cmd/stress
	@rm -rf bin/stress-soak
	bin/stress soak $(SOAK)

.PHONY: desk-load
desk-load: build ## 50 people at the desk of a mailroom with 100,000 documents, for 4 minutes; it is filled first, once (some 15 minutes, 4 GB in bin/stress-desk). DESK="-mail" has mail come in meanwhile
	$(GO) build -o bin/stress ./cmd/stress
	bin/stress desk $(DESK)

.PHONY: corpus
corpus: deps ## the corpus ratchets; POSTROOM_CORPUS names the folder
	@[ -n "$$POSTROOM_CORPUS" ] || { echo "POSTROOM_CORPUS=FOLDER make corpus"; exit 1; }
	$(GO) test -count=1 -timeout 40m -run Corpus -v ./...

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
