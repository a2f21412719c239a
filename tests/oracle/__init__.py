"""An oracle for the verdicts of the linter: it runs small functions and watches what becomes of each acquired resource.

A *program* is one function, made from the grammar of statements that the linter understands. A *fake library* stands in for the
modelled one. The program is *run* under every choice of branch and exception, and each run is *observed*: was the resource
released, did it escape, how was it lost, how did the function end? From the observations alone, never from the text, follows
the code that `rules.md` asks for.

    grammar, statements, compounds, idioms, scope    make programs
    flavours                                         which library a program uses
    world, fake, instrument, execute                 run them and observe
    verdict                                          the expected code
    linter, compare, shrink                          what the linter says, the difference, and a small program that shows it

`python -m tests.oracle --count 20000 --seed 7` prints every disagreement, made small.
"""
