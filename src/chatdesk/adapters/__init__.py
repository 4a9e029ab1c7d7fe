"""Thin translators between frameworks or connections and a desk's frames."""
