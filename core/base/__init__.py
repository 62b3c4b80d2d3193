"""What every other package stands on: paths, tables, configs, files, errors, progress."""
