"""Checks of a caption that somebody wrote for an edit; `answer_check` applies them."""
