"""``python -m riskplugin`` is the command ``riskplugin``."""

from riskplugin.adapters.cli import main

if __name__ == "__main__":
    main()
