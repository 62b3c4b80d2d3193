"""Why a case needs a human: signals, zones, reasons."""
