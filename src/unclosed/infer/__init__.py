"""Names and light types: what a place holds, as far as imports, annotations, constructors and models say."""
