"""What keeps a student's process apart: one file a layer, standard library only.

These modules run in processes that are not closed yet (``keeper.py``), so they must not load
anything that a student could have written: no package from site-packages, nothing from a folder
that an untrusted process may write.
"""
