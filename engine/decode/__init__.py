"""The decoding loop over a token model: prefill, sample, stop."""
