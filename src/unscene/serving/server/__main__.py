"""python -m server"""

import sys

from .command import main

sys.exit(main())
