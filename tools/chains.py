"""Who comes after whom: mappings from each to the one it waits for. Pure functions."""


def cycles(after):
    """Return those who wait for each other in a circle.

    :param dict after: {who waits: for whom}
    :return: list of circles, each a list in which everybody waits for the next
    """
    found, met = [], set()
    for start in after:
        path, one = [], start
        while one in after and one not in met:
            met.add(one)
            path.append(one)
            one = after[one]
        if one in path:
            found.append(path[path.index(one) :])
    return found


def depths(after):
    """Return how many have to go before each of those who wait.

    :param dict after: {who waits: for whom}; some may wait in a circle
    :return: {who waits: number}
    """
    found = {}
    for start in after:
        path, one = [], start
        while one in after and one not in found:
            found[one] = 0
            path.append(one)
            one = after[one]
        before = found.get(one, 0)
        for place, waiting in enumerate(reversed(path), before + 1):
            found[waiting] = place
    return found
