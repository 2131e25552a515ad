"""Which archives are kept and which are removed."""


def archives(folder):
    """All archives of a folder, oldest first."""
    return sorted(folder.glob("app-*.log"))


def expired(folder, keep):
    """The archives beyond the newest `keep`, oldest first."""
    found = archives(folder)
    return found[: max(len(found) - keep, 0)]


def remove_expired(folder, keep):
    """Remove the archives beyond the newest `keep`; gives the names of those removed."""
    doomed = expired(folder, keep)
    for path in doomed:
        path.unlink()
    return [path.name for path in doomed]
