#include <format>

#include "train/losses/loss.hpp"

namespace edgewise::train {

// Each in the file of its task, one line here.
Loss classification();
Loss box();

Catalogue<Loss>& losses() {
  static Catalogue<Loss> all("loss", {classification(), box()});
  return all;
}

Result<const Loss*> loss_of(const task::Task& task) {
  if (const Loss* loss = losses().find(task.name())) return loss;
  return invalid(std::format("there is no loss to train the task \"{}\" with", task.name()),
                 std::format("there are some for {}", quoted_list(losses().names())));
}

}  // namespace edgewise::train
