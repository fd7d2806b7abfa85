"""The study as a written report: its content once, then as Word, PDF or one offline page."""
