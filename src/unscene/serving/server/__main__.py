"""python -m server"""

import sys

from .ending import ended_by_signals

with ended_by_signals():
    from .command import main

    sys.exit(main())
