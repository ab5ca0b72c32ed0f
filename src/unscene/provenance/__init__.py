"""What made each result of a run; whether the run is whole; the story of one edit."""
