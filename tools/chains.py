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


def depth(after, one):
    """Return how many have to go before somebody, who may wait in a circle.

    :param dict after: {who waits: for whom}
    """
    met = set()
    while one in after and one not in met:
        met.add(one)
        one = after[one]
    return len(met)
