// The folder of one run: who may create, replace or continue it, and what lies where in it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "moestro/store/file.h"
#include "moestro/store/manifest.h"

namespace moestro {

class RunFolder {
 public:
  // A new run. Missing parents are made; a folder with nothing in it is taken as it is; any other
  // is refused with UserError "PATH exists; use --force to replace it or --resume to go on". With
  // force, a run folder is emptied, and any other folder refused. Throws SystemError where it
  // cannot write.
  static RunFolder create(const std::filesystem::path& path, bool force = false);
  // Throws as create() for a folder with something in it that it would not replace, and touches
  // nothing: for whoever has long work to do before.
  static void check_free(const std::filesystem::path& path, bool force = false);
  // To go on with a run: as it is, or new where there is none. Removes temporary files of the
  // writer that was killed. Throws UserError for a folder that holds something else.
  static RunFolder resume(const std::filesystem::path& path);
  // To read a run, also one in progress. Throws UserError where there is none.
  static RunFolder open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::string name() const;

  std::filesystem::path recipe_path() const { return path_ / "recipe.toml"; }
  std::filesystem::path manifest_path() const { return path_ / "manifest.json"; }
  std::filesystem::path metrics_path() const { return path_ / "metrics.jsonl"; }
  std::filesystem::path summary_path() const { return path_ / "summary.json"; }
  std::filesystem::path report_path() const { return path_ / "report.html"; }
  std::filesystem::path checkpoints_path() const { return path_ / "checkpoints"; }

  bool has_recipe() const;
  // The first line in which `recipe` and the stored one differ, as "ours, there: theirs"; none
  // where they are the same, or none is stored.
  std::optional<std::string> recipe_difference(const std::string& recipe) const;
  bool is_finished() const;  // false also without a manifest: killed before it was written
  // Throws UserError "where: ..." unless it is.
  void check_finished(const std::string& where) const;
  Manifest manifest() const { return read_manifest(manifest_path()); }
  void write(const Manifest& manifest) const { write_manifest(manifest_path(), manifest); }

 private:
  explicit RunFolder(std::filesystem::path path);
  void lock();

  std::filesystem::path path_;
  std::shared_ptr<File> lock_;  // writers only: two of them would spoil each other's files
};

// Whether a folder holds a run: it has a recipe.toml or a manifest.json.
bool is_run_folder(const std::filesystem::path& path);

}  // namespace moestro
