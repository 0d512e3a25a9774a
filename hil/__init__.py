"""Build, flash, talk, measure, judge: real and virtual boards."""
