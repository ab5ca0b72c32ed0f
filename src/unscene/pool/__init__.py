"""Pool: ordinary photos that arms train on beside the pairs, and what is known to be on each."""
