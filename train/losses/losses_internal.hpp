/// The entries of the catalogue. Only for the sources and tests of train/.
#pragma once

#include "train/losses/loss.hpp"

namespace edgewise::train {

Loss classification();
Loss box();

}  // namespace edgewise::train
