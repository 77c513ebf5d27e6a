"""The demo's application: a real model on a year of real flights, watched through the SDK."""
