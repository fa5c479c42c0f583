"""The desk: the property managers' pages. A door, as routes are: it asks rooms below to do things.

A page is a folder: routes (thin), queries (reading), its templates under templates/desk/.
"""
