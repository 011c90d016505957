"""What a bench says and hears: command codes, answers, the tray, a watched folder."""
