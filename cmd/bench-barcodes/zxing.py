"""Reads the pictures named on standard input with zxing-cpp, one JSON line each."""
import json
import sys
import time

import numpy
import zxingcpp
from PIL import Image

for name in sys.stdin:
    page = numpy.asarray(Image.open(name.strip()))
    start = time.perf_counter()
    found = zxingcpp.read_barcodes(page)
    thorough = time.perf_counter()
    zxingcpp.read_barcodes(page, try_rotate=False, try_downscale=False, try_invert=False)
    fast = time.perf_counter()
    print(json.dumps({
        "texts": [b.text for b in found],
        "ms": 1000 * (thorough - start),
        "fast": 1000 * (fast - thorough),
    }), flush=True)
