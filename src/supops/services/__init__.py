"""Activities: plain values and ports in, a report out.

Here belong the decisions of the domain, and `ports`: the protocols of all that they ask of the outside world. Not here:
input or output of any kind, printing, vendor JSON, and the libraries that do those.
"""
