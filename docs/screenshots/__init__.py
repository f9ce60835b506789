"""Pictures of the voice page for the documents: `make screenshots`.

`python -m docs.screenshots --all --to DIR` takes those, too, that only help to see what a change does. `scenes` says
what is in each: a talk in a museum, told event by event to a real browser.
"""
