"""The report: what each table of a run says, its figures, its pictures and its page."""
