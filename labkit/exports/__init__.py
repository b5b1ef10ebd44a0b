"""What leaves a run, and what comes from elsewhere: figures, files, and other tools' logs."""
