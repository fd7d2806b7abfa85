"""The browser app: ``streamlit run app.py``."""

from walkshed.app.main import main

main()
