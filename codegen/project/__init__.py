"""The PlatformIO project of a model: its names, its files, its manifest."""
