"""Pictures of the voice page for the documents: `make screenshots`.

stage     the far end: a Realtime API that says what the play says
scenes    what is in each picture: a talk in a museum, told event by event
__main__  opens a browser for each scene, and writes `docs/images/page-….png`
"""
