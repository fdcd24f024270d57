//! WebPI feeds.
