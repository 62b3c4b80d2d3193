"""The embedded data set: computed chest radiographs with known truth."""
