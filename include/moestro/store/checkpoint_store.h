// The checkpoints of a run: named tensors and a text that says where the run stood. What they mean
// is the caller's business; here it is that none is ever half there.
//
//   checkpoints/step-00001234.safetensors          the tensors, with the text in the metadata
//   checkpoints/step-00001234.safetensors.sha256   there before it; without it, it does not count
//
// Every checkpoint also names the best step so far, so that "latest" and "best" cannot disagree
// after a kill.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "moestro/store/safetensors.h"

namespace moestro {

struct Checkpoint {
  int64_t step = 0;
  int64_t best_step = 0;  // of the run up to here; step itself when this one is the best
  std::string state;      // as given to save()
  SafetensorsFile file;
};

// What latest() makes of a checkpoint whose digest disagrees.
enum class Damaged { passed_over, refused };

class CheckpointStore {
 public:
  // keep: how many of the newest stay, at least 1; the best ones they name stay too.
  explicit CheckpointStore(std::filesystem::path folder, int64_t keep = 3);

  // Durable when it returns; then removes what is no longer needed: older checkpoints, left-overs
  // of writers that were killed, and checkpoints newer than this one, which a run leaves behind
  // that went back to an older one. state: UTF-8, in practice JSON. Throws SystemError, all earlier
  // checkpoints still there.
  void save(int64_t step, int64_t best_step, const NamedTensors& tensors,
            const std::string& state) const;

  // The newest whose digest agrees; damaged ones are passed over with a warning, or refused by a
  // UserError. Reads the whole file.
  std::optional<Checkpoint> latest(Damaged damaged = Damaged::passed_over) const;
  // The best that latest() names. Throws UserError when it is damaged or gone.
  std::optional<Checkpoint> best() const;

  std::vector<int64_t> steps() const;  // of the files there, ascending
  std::filesystem::path path(int64_t step) const;

 private:
  void prune(int64_t newest) const;

  std::filesystem::path folder_;
  int64_t keep_;
};

}  // namespace moestro
