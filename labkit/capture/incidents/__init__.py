"""The first step that went wrong: detection, origin of the first non-finite value, replay."""
