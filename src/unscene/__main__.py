"""`python -m unscene`, the same as `unscene`."""

import sys

from unscene.cli.command import main

sys.exit(main())
