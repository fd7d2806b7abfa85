"""The Streamlit app; the only place that imports Streamlit."""
