/// Pictures of the records that a set keeps: how large they are, which way round, and where the boxes lie in them.
#pragma once

#include "data/selection/selection_internal.hpp"

namespace edgewise::data {

/// Takes the files that were found, reads their headers and makes items of them with their annotations.
/// @error the first mistake in the labels' order, with the number of others
Status fill_items(const Opened& opened, const Rule& rule, const Found& found, const std::vector<Kept>& kept,
                  DataSet& set);

}  // namespace edgewise::data
