"""Static pictures and texts of the views, for saved notebooks without a kernel.

A picture is a stack of sections; most views have one of their own, and the dashboard has several.
"""
