/// The built-in blocks, each in a file of its own or with its kin.
#pragma once

#include "space/blocks/block.hpp"

namespace edgewise::space {

Block conv_entry();
Block norm_entry();
Block activation_entry();
Block conv_norm_entry();
Block residual_block_entry();
Block inverted_residual_entry();
Block squeeze_excite_entry();
Block shuffle_unit_entry();
Block mobilevit_entry();
Block max_pool_entry();
Block average_pool_entry();
Block global_pool_entry();
Block flatten_entry();
Block linear_entry();
Block dropout_entry();

}  // namespace edgewise::space
