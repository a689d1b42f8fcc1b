"""What systems do otherwise, in one place: nothing else in the package asks which one it runs on."""
