"""Distinct rows of flags, against numpy's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from riskplugin.factors.patterns import patterns

FLAGS = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=20))


@given(FLAGS, st.booleans())
def test_rows_are_those_that_numpy_finds(flags, across):
    given_ = flags.T if across else flags
    rows, which = patterns(given_)
    wanted, wanted_which = np.unique(given_, axis=0, return_inverse=True)
    np.testing.assert_array_equal(rows, wanted)
    np.testing.assert_array_equal(which, wanted_which)
    assert rows.dtype == bool
    assert rows.flags.c_contiguous


def test_by_hand():
    rows, which = patterns(np.array([[1, 0], [0, 1], [1, 0], [0, 0]], bool))
    assert rows.tolist() == [[False, False], [False, True], [True, False]]
    assert which.tolist() == [2, 1, 2, 0]


@pytest.mark.parametrize("width", [7, 8, 9, 64, 65])
def test_the_last_flag_of_a_row_counts(width):
    flags = np.zeros((2, width), bool)
    flags[0, -1] = True
    assert patterns(flags)[1].tolist() == [1, 0]
