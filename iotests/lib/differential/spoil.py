"""Arguments that are wrong in one place, for every member of every command, made from the real daemon's introspection."""

# What stands in a member's place, by the JSON type that it should have; each is wrong or at the edge.
WRONG = {
    "string": [1, None, {}],
    "int": ["1", 1.5, None, -1, 1 << 64],
    "number": ["1", None],
    "boolean": ["on", 1, None],
    "enum": ["nix", 1, None],
    "array": ["nix", {}, None, [None]],
    "object": [1, "nix", [], None],
    "alternate": [None, 1, True, "nix", {}, []],
}
# Where -1 or a huge number is accepted it changes nothing that another exchange depends on: the names lead nowhere.
_VALID = {"string": "nix", "int": 1, "number": 1.0, "boolean": True, "value": 1, "null": None}
_MAX_DEPTH = 6


class Spoiler:
    """Makes exchanges from a schema as query-qmp-schema returns it."""

    def __init__(self, schema, variants=()):
        """variants: of unions that have some of these, only these."""
        self.variants = set(variants)
        self.types = {entity["name"]: entity for entity in schema}

    def commands(self):
        return sorted(e["name"] for e in self.types.values() if e["meta-type"] == "command")

    def spoilt(self, command):
        """Argument objects for a command, each wrong in one place; the first of each kind of arguments is right."""
        return self._objects(self.types[self.types[command]["arg-type"]], _MAX_DEPTH)

    def _objects(self, entity, depth):
        """A right object, then wrong ones; of a union, for each variant. Members of the base are spoilt once only."""
        base = {m["name"]: self._valid(m["type"], depth) for m in entity["members"] if "default" not in m}
        tag = entity.get("tag")
        if not tag:
            yield dict(base)
            yield from self._wrong(entity["members"], base, depth)
            return
        wanted = [v for v in entity["variants"] if v["case"] in self.variants] or entity["variants"]
        for number, variant in enumerate(wanted):
            members = self.types[variant["type"]]["members"]
            right = dict(base, **{tag: variant["case"]})
            right.update({m["name"]: self._valid(m["type"], depth) for m in members if "default" not in m})
            yield dict(right)
            spoilt = members if number else entity["members"] + members
            yield from self._wrong(spoilt, right, depth)

    def _wrong(self, members, right, depth):
        yield dict(right, nix=1)
        for member in members:
            name = member["name"]
            if name in right:
                yield {k: v for k, v in right.items() if k != name}
            for value in self._values(member["type"], depth, name in right):
                yield dict(right, **{name: value})

    def _values(self, name, depth, thorough):
        """Wrong values of a type; of what is optional only the first two, and nothing inside."""
        entity = self.types[name]
        kind = entity["meta-type"]
        wrong = WRONG.get(entity["json-type"] if kind == "builtin" else kind, [])
        yield from wrong if thorough else wrong[:2]
        if not thorough or depth == 0:
            return
        if kind == "object":
            yield from list(self._objects(entity, depth - 1))[1:]
        elif kind == "array":
            for value in list(self._values(entity["element-type"], depth - 1, True)):
                yield [value]

    def _valid(self, name, depth):
        entity = self.types[name]
        kind = entity["meta-type"]
        if kind == "builtin":
            return _VALID[entity["json-type"]]
        if kind == "enum":
            return entity["members"][0]["name"]
        if kind == "array":
            return [self._valid(entity["element-type"], depth)] if depth else []
        if kind == "alternate":
            return "nix"
        return next(self._objects(entity, depth - 1))
